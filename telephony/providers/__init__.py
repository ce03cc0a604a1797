"""The telephony providers. A provider is a folder, and folders are alike; nothing here imports Django."""
