create or replace function moderation.active_points(p_user_id uuid)
returns integer
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select coalesce(sum(warning.points), 0)
    from moderation.warnings as warning
    where warning.user_id = p_user_id
      and warning.revoked_at is null
      and (warning.expires_at is null or warning.expires_at > clock_timestamp())
  );
end
$$;

comment on function moderation.active_points(uuid) is
  'Internal. The points of somebody''s warnings that count now.';

revoke all on function moderation.active_points(uuid) from public;
