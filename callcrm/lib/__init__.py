"""Tools without models and without any knowledge of the apps."""
