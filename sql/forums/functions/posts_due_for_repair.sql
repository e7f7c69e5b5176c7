create or replace function forums.posts_due_for_repair(p_since timestamptz, p_sample integer default 1000)
returns setof uuid
language plpgsql
stable
rows 1000
-- The worker has no grants on these tables.
security definer
set search_path = ''
as $$
begin
  return query
    select post.id
    from forums.posts as post
    where post.updated_at >= p_since
      or post.last_activity_at >= p_since
      or post.id in (select vote.post_id from forums.post_votes as vote where vote.updated_at >= p_since)
    union
    (
      -- A sample without sorting the table: what follows a random identifier.
      select post.id
      from forums.posts as post
      where post.id >= core.uuidv7_floor(
        core.uuidv7_time((select oldest.id from forums.posts as oldest order by oldest.id limit 1))
        + random() * (now() - core.uuidv7_time((select oldest.id from forums.posts as oldest order by oldest.id limit 1)))
      )
      order by post.id
      limit p_sample
    );
end
$$;

comment on function forums.posts_due_for_repair(timestamptz, integer) is
  'For the worker: the posts whose counters the nightly check recounts, namely those changed, commented on or voted on since p_since, and a random sample of the rest. Scans posts and votes once.';

revoke all on function forums.posts_due_for_repair(timestamptz, integer) from public;
grant execute on function forums.posts_due_for_repair(timestamptz, integer) to stoa_worker;
