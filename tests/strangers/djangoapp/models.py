"""What is in store."""

from django.db import models


class Item(models.Model):
    """One thing, by its name; the table is there already."""

    name = models.TextField()

    class Meta:
        """Where it is."""

        db_table = "items"
        managed = False
