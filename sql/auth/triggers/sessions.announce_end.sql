create or replace trigger announce_end
after update of revoked_at on auth.sessions
for each row
when (old.revoked_at is null and new.revoked_at is not null)
execute function core.announce_row('access', 'user_id');

comment on trigger announce_end on auth.sessions is 'Connections of a session that ended are closed.';
