"""The tenant wall in SQL, as migration operations.

`protect` gives a table forced row level security on `business_id`; `tie` gives it keys that cannot cross businesses,
because PostgreSQL checks plain foreign keys without asking any policy; `append_only` makes a table that only grows.
`tests/test_tenant_wall.py` reads the catalogue and fails for a table that was forgotten.
"""

from django.db.migrations.operations import RunSQL

APP_ROLE = "callcrm_app"
VISIBLE = (
    "business_id = ANY (string_to_array(nullif(current_setting('app.business_ids', true), ''), ',')::uuid[])"
)


def make_app_role() -> RunSQL:
    """Make the role that the product runs as: it owns nothing and bypasses nothing.

    Roles belong to the whole cluster, so two databases that migrate at once race here; the loser's error is expected.
    A login that may not create roles stays as it is: forced row level security holds its owner too.
    """
    return RunSQL(
        f"""
        DO $$ BEGIN
          CREATE ROLE {APP_ROLE} NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
        EXCEPTION WHEN duplicate_object OR unique_violation OR insufficient_privilege THEN NULL;
        END $$;
        DO $$ BEGIN
          EXECUTE format('GRANT {APP_ROLE} TO %I', current_user);
        EXCEPTION WHEN OTHERS THEN NULL;
        END $$;
        DO $$ BEGIN
          IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{APP_ROLE}') THEN
            GRANT USAGE ON SCHEMA public TO {APP_ROLE};
            GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {APP_ROLE};
            GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA public TO {APP_ROLE};
            GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {APP_ROLE};
            ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {APP_ROLE};
            ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT, UPDATE ON SEQUENCES TO {APP_ROLE};
            ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT EXECUTE ON FUNCTIONS TO {APP_ROLE};
          END IF;
        END $$;
        """,
        RunSQL.noop,
    )


def protect(table: str, *, keyed: bool = True) -> RunSQL:
    """Put a table behind the wall; FORCE holds its owner too. `keyed`: composite keys may point at it, by its id."""
    key = (
        f"ALTER TABLE {table} ADD CONSTRAINT {table}_business_key UNIQUE (business_id, id);" if keyed else ""
    )
    return RunSQL(
        f"""
        ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
        ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
        CREATE POLICY tenant ON {table} USING ({VISIBLE}) WITH CHECK ({VISIBLE});
        {key}
        """,
        f"""
        ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {table}_business_key CASCADE;
        DROP POLICY tenant ON {table};
        ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;
        ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;
        """,
    )


def tie(table: str, column: str, to: str, *, on_delete: str = "CASCADE") -> RunSQL:
    """A foreign key that cannot leave the business. `on_delete`: CASCADE, RESTRICT, or SET NULL of the column."""
    action = f"SET NULL ({column})" if on_delete == "SET NULL" else on_delete
    name = f"{table}_{column}_tie"
    return RunSQL(
        f"""
        ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY (business_id, {column})
        REFERENCES {to} (business_id, id) ON DELETE {action} DEFERRABLE INITIALLY DEFERRED;
        """,
        f"ALTER TABLE {table} DROP CONSTRAINT {name};",
    )


def append_only(table: str) -> RunSQL:
    """Let a table grow and never change: by right for the application's role, by trigger for its owner as well."""
    return RunSQL(
        f"""
        CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $f$
        BEGIN
          RAISE EXCEPTION '% on % is refused: the table is append-only', TG_OP, TG_TABLE_NAME
          USING ERRCODE = 'insufficient_privilege';
        END $f$;
        CREATE TRIGGER no_change BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change();
        CREATE TRIGGER no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
        DO $$ BEGIN
          IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{APP_ROLE}') THEN
            REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {APP_ROLE};
          END IF;
        END $$;
        """,
        f"DROP TRIGGER no_change ON {table}; DROP TRIGGER no_truncate ON {table};",
    )
