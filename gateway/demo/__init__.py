"""The invented county 望河县: data only. Nobody in it exists."""
