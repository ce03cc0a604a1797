"""Who may do what: one enum of rights, one table of grants.

Templates, pages and the API ask `member.can(Permission.X)`; nothing else decides.
"""

from enum import StrEnum

from django.db import models


class Permission(StrEnum):
    """A right inside one business."""

    VIEW_CUSTOMERS = "view_customers"
    EDIT_CUSTOMERS = "edit_customers"
    DELETE_CUSTOMERS = "delete_customers"
    SEND_SMS = "send_sms"
    SEND_EMAIL = "send_email"
    PLACE_CALLS = "place_calls"
    VIEW_ALL_COMMUNICATIONS = "view_all_communications"
    ADMIN_PANEL = "admin_panel"
    MANAGE_USERS = "manage_users"
    REVEAL = "reveal"
    PLAY = "play"
    DOWNLOAD = "download"
    EXPORT = "export"
    AUDIT = "audit"
    NUMBERS = "numbers"
    ERASE = "erase"


# Each completes "You may not …".
IN_WORDS: dict[Permission, str] = {
    Permission.VIEW_CUSTOMERS: "see people, calls and texts",
    Permission.EDIT_CUSTOMERS: "change people, calls and callbacks",
    Permission.DELETE_CUSTOMERS: "delete people, nor delete or hold recordings",
    Permission.SEND_SMS: "send texts",
    Permission.SEND_EMAIL: "send e-mails",
    Permission.PLACE_CALLS: "place calls",
    Permission.VIEW_ALL_COMMUNICATIONS: "see the calls and texts of everybody",
    Permission.ADMIN_PANEL: "open settings, retention and reported problems",
    Permission.MANAGE_USERS: "manage the team",
    Permission.REVEAL: "see hidden numbers and names",
    Permission.PLAY: "listen to recordings",
    Permission.DOWNLOAD: "download recordings",
    Permission.EXPORT: "export lists",
    Permission.AUDIT: "read the history",
    Permission.NUMBERS: "set up numbers, sources, opening hours and call flows",
    Permission.ERASE: "erase what is kept of a person",
}


class Role(models.TextChoices):
    """What a member is in one business."""

    USER = "user", "User"
    ADMIN = "admin", "Admin"
    OWNER = "owner", "Owner"


_USER = frozenset(
    {
        Permission.SEND_SMS,
        Permission.SEND_EMAIL,
        Permission.PLACE_CALLS,
        Permission.VIEW_CUSTOMERS,
        Permission.EDIT_CUSTOMERS,
        Permission.REVEAL,
        Permission.PLAY,
    }
)
_ADMIN = _USER | {
    Permission.DELETE_CUSTOMERS,
    Permission.VIEW_ALL_COMMUNICATIONS,
    Permission.ADMIN_PANEL,
    Permission.NUMBERS,
    Permission.AUDIT,
    Permission.EXPORT,
    Permission.DOWNLOAD,
}

GRANTS: dict[str, frozenset[Permission]] = {
    Role.USER: _USER,
    Role.ADMIN: _ADMIN,
    Role.OWNER: _ADMIN | {Permission.MANAGE_USERS, Permission.ERASE},
}

# What a platform visit may do: look at what is masked anyway, and at the history that names the visit.
VISITOR_GRANTS = frozenset({Permission.VIEW_CUSTOMERS, Permission.VIEW_ALL_COMMUNICATIONS, Permission.AUDIT})

ROLE_NEEDED: dict[Permission, str] = {
    permission: next(role for role in Role.values if permission in GRANTS[role]) for permission in Permission
}

# Who may, and whom to ask, by the role that is needed.
WHO_MAY: dict[str, str] = {
    Role.USER: "Every member of the business may: ask an owner to let you in.",
    Role.ADMIN: "Admins and owners may. Ask one of them to do it, or an owner to make you an admin.",
    Role.OWNER: "Only owners may. Ask one of them to do it.",
}
