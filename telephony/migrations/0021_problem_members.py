"""Whoever is deleted is found in what he reported and resolved; and plainer words for what became of a problem."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_ask_why_played"),
        ("leads", "0003_note_drafts"),
        ("telephony", "0020_own_telephone"),
    ]

    operations = [
        migrations.AlterField(
            model_name="callproblem",
            name="resolution",
            field=models.CharField(
                blank=True,
                choices=[
                    ("mended", "Fixed"),
                    ("provider", "Told the provider"),
                    ("no_fault", "No fault"),
                    ("cannot", "Cannot be fixed"),
                ],
                max_length=8,
            ),
        ),
        migrations.AddIndex(
            model_name="callproblem",
            index=models.Index(
                condition=models.Q(("reported_by__isnull", False)),
                fields=["business", "reported_by"],
                name="telephony_problem_reporter",
            ),
        ),
        migrations.AddIndex(
            model_name="callproblem",
            index=models.Index(
                condition=models.Q(("resolved_by__isnull", False)),
                fields=["business", "resolved_by"],
                name="telephony_problem_resolver",
            ),
        ),
    ]
