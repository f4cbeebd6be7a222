"""What the audit log tells of."""

from enum import StrEnum


class Action(StrEnum):
    SIGNED_IN = "signed_in"
    SIGN_IN_FAILED = "sign_in_failed"
    SIGNED_OUT_EVERYWHERE = "signed_out_everywhere"
    ROLE_REFUSED = "role_refused"
    KEY_CREATED = "key_created"
    KEY_REVOKED = "key_revoked"
    PERSON_ADDED = "person_added"
    PERSON_CHANGED = "person_changed"
    PASSWORD_CHANGED = "password_changed"
    DATA_DOWNLOADED = "data_downloaded"
    EXAMPLES_CHANGED = "examples_changed"
    DATASET_DELETED = "dataset_deleted"
    JUDGING_BEGUN = "judging_begun"
