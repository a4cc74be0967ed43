"""Fields sealed one by one: their keys, and names for looking up what is sealed."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

from models.sealing import open_blind

revision = "0017_sealed_fields"
down_revision = "0016_one_register_of_relatives"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sqlmodel.sql.sqltypes.UTCDateTime()
_TEXT = sqlmodel.sql.sqltypes.AutoString()


def upgrade() -> None:
    op.create_table(
        "field_key",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("algorithm", _TEXT, nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("wrapped_by", _TEXT, nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("settled_at", _TIME, nullable=True),
        sa.Column("retired_at", _TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_field_key")),
    )
    op.add_column("address", sa.Column("lookup", _TEXT, nullable=True))
    address = sa.table("address", sa.column("id"), sa.column("value"), sa.column("lookup"))
    connection = op.get_bind()
    rows = connection.execute(sa.select(address.c.id, address.c.value)).all()
    for row in rows:
        connection.execute(
            address.update()
            .where(address.c.id == row.id)
            .values(lookup=open_blind("address.value", row.value))
        )
    op.drop_index("uq_address_value_kind", table_name="address")
    op.create_index("uq_address_lookup_kind", "address", ["lookup", "kind"], unique=True)
