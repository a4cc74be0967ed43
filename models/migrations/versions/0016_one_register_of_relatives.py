"""Near relatives of staff stand in one register, ``near_relative``."""

from alembic import op

revision = "0016_one_register_of_relatives"
down_revision = "0015_imports"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_table("relative")
