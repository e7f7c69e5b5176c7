create or replace trigger announce_access
after update of role, is_active, banned_until, deleted_at, erased_at on core.users
for each row
when (
  (old.role, old.is_active, old.banned_until, old.deleted_at, old.erased_at)
  is distinct from (new.role, new.is_active, new.banned_until, new.deleted_at, new.erased_at)
)
execute function core.announce_row('access', 'id');

comment on trigger announce_access on core.users is 'Connections of an account are checked again when its role or its state changes.';
