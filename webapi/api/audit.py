"""`/v1/audit`: the audit log, for administrators."""

from datetime import UTC, datetime
from typing import Any

from inference import audit
from schemas import ids
from schemas.states import Role
from schemas.wire.audit import AuditList, AuditQuery
from webapi.api.blueprint import Blueprint
from webapi.api.listing import listed
from webapi.database import db

blueprint = Blueprint("audit", __name__, "Who did what.", reads=Role.ADMIN, writes=Role.ADMIN)


@blueprint.get("/audit")
@blueprint.arguments(AuditQuery, location="query")
@blueprint.response(200, AuditList)
def list_entries(given: dict[str, Any]) -> dict[str, Any]:
    """List what was done, by whom and from where, newest first. It covers all tenants."""
    moments = {name: datetime.fromtimestamp(given[name], UTC) for name in ("since", "until") if name in given}
    wanted = audit.Filter(given.get("action"), given.get("who"), moments.get("since"), moments.get("until"))
    page = audit.list_page(db.session(), wanted, given.get("after"), given["limit"])
    return listed(page.items, page.items, ids.AUDIT_ENTRY, page.has_more)
