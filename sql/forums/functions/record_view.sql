create or replace function forums.record_view(p_post_id uuid)
returns void
language plpgsql
volatile
-- Nobody has a grant on the buffer.
security definer
set search_path = ''
as $$
begin
  perform forums.live_post(p_post_id);
  insert into forums.post_view_deltas (post_id) values (p_post_id);
end
$$;

comment on function forums.record_view(uuid) is
  E'@name record_post_view\nCounts one view of a post; it shows in view_count within a minute. Whoever calls it decides how often one reader counts. Appends a row and touches nothing else. Refuses post.unknown and forum.banned.';

revoke all on function forums.record_view(uuid) from public;
grant execute on function forums.record_view(uuid) to stoa_anonymous;
