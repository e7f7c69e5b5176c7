create or replace function tracker.count_events(p_event text, p_from timestamptz, p_until timestamptz)
returns table (user_id uuid, times bigint)
language plpgsql
stable
set search_path = ''
as $$
begin
  case p_event
    when 'comment' then
      return query
        select comment.author_id, count(*)
        from tracker.comments as comment
        where comment.id >= core.uuidv7_floor(p_from)
          and comment.id < core.uuidv7_floor(p_until)
          and comment.author_id is not null
          and comment.deleted_at is null
        group by comment.author_id;
    when 'achievement' then
      return query
        select held.user_id, count(*)
        from core.user_achievements as held
        where held.earned_at >= p_from
          and held.earned_at < p_until
        group by held.user_id;
    when 'forum_post' then
      if to_regclass('forums.posts') is not null then
        -- Not named in a static query: this module stands without that one.
        return query execute
          'select written.author_id, count(*)
           from (
             select author_id from forums.posts where id >= $1 and id < $2 and deleted_at is null
             union all
             select author_id from forums.comments where id >= $1 and id < $2 and deleted_at is null
           ) as written
           where written.author_id is not null
           group by written.author_id'
        using core.uuidv7_floor(p_from), core.uuidv7_floor(p_until);
      end if;
  end case;
end
$$;

comment on function tracker.count_events(text, timestamptz, timestamptz) is
  'Internal, for bonus rules: how often people did something in a span of time: comment, achievement or forum_post (none where there is no module for it).';

revoke all on function tracker.count_events(text, timestamptz, timestamptz) from public;
