-- The roles of a Stoa database. Roles belong to the server, not to one database, so they are made before the
-- first migration and are never dropped by one. Safe to run again, and by several databases of one server.
-- Who is who: docs/operations/roles.md.

do $$
declare
  wanted record;
begin
  for wanted in
    select *
    from (values
      ('stoa_anonymous', 'nologin noinherit'),
      ('stoa_member',    'nologin inherit'),
      ('stoa_moderator', 'nologin inherit'),
      ('stoa_admin',     'nologin inherit'),
      ('stoa_owner',     'nologin inherit'),
      ('stoa_migrator',  'login noinherit'),
      ('stoa_gateway',   'login noinherit'),
      ('stoa_auth',      'login noinherit'),
      ('stoa_media',     'login noinherit'),
      ('stoa_tracker',   'login noinherit'),
      ('stoa_worker',    'login inherit bypassrls'),
      -- pg_read_all_data alone reads tables, but no row that a policy hides.
      ('stoa_backup',    'login inherit replication bypassrls')
    ) as role_list (name, attributes)
  loop
    if not exists (select from pg_catalog.pg_roles where rolname = wanted.name) then
      begin
        execute format('create role %I %s', wanted.name, wanted.attributes);
      exception
        when duplicate_object or unique_violation then null; -- another database made it meanwhile
      end;
    end if;
  end loop;
end
$$;

do $$
declare
  membership record;
begin
  for membership in
    select *
    from (values
      ('stoa_anonymous', 'stoa_member'),
      ('stoa_member',    'stoa_moderator'),
      ('stoa_moderator', 'stoa_admin'),
      ('stoa_anonymous', 'stoa_gateway'),
      ('stoa_member',    'stoa_gateway'),
      ('stoa_moderator', 'stoa_gateway'),
      ('stoa_admin',     'stoa_gateway'),
      ('stoa_owner',     'stoa_migrator'),
      ('stoa_worker',    'stoa_owner'),
      ('pg_read_all_data', 'stoa_backup')
    ) as membership_list (granted, receiver)
  loop
    if not exists (
      select
      from pg_catalog.pg_auth_members
      where roleid = membership.granted::regrole
        and member = membership.receiver::regrole
    ) then
      begin
        execute format('grant %I to %I', membership.granted, membership.receiver);
      exception
        when unique_violation then null;
      end;
    end if;
  end loop;
end
$$;
