create or replace function forums.comment_tree(
  p_post_id uuid,
  p_sort text default 'tree',
  p_root_id uuid default null,
  p_after text default null,
  p_first integer default 50
)
returns setof forums.comments
language plpgsql
stable
rows 50
-- Asks once whether the caller may read the post, where the policy of the table asks for every comment. A tombstone
-- holds no text, so a row is safe to return as it is.
security definer
set search_path = ''
as $$
declare
  after_id constant uuid := forums.cursor_id(p_after);
  page integer := least(greatest(coalesce(p_first, 50), 1), 200);
  root forums.comments;
  lower_path uuid[];
  after_score integer;
  taken integer;
begin
  perform forums.live_post(p_post_id);
  if p_root_id is not null then
    select * into root
    from forums.comments as comment
    where comment.post_id = p_post_id and comment.id = p_root_id;
    if not found then
      perform core.fail('comment.unknown');
    end if;
  end if;

  if p_sort = 'tree' then
    if p_after is not null then
      select comment.path into lower_path
      from forums.comments as comment
      where comment.post_id = p_post_id and comment.id = after_id;
      if not found then
        perform core.fail('feed.cursor_malformed');
      end if;
    end if;
    return query
      select comment.*
      from forums.comments as comment
      where comment.post_id = p_post_id
        and comment.path > coalesce(lower_path, root.path, '{}')
        and comment.path < coalesce(root.path, '{}') || 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid
      order by comment.path
      limit page;
  elsif p_sort = 'best' then
    after_score := forums.cursor_key(p_after, 'integer')::integer;
    -- The rest of those that have the score of the last one, then those that have less: each is a range that begins
    -- where it should. One condition for both would read all that have that score, and they may be most of them.
    if root.id is null then
      if p_after is not null then
        return query
          select comment.*
          from forums.comments as comment
          where comment.post_id = p_post_id
            and comment.parent_id is null
            and comment.score = after_score
            and comment.id > after_id
          order by comment.parent_id, comment.id
          limit page;
        get diagnostics taken = row_count;
        page := page - taken;
      end if;
      return query
        select comment.*
        from forums.comments as comment
        where comment.post_id = p_post_id
          and comment.parent_id is null
          and comment.score <= coalesce(after_score::bigint - 1, 2147483647)
        -- "is null" is no equality to the planner: without the parent in the order it would sort.
        order by comment.parent_id, comment.score desc, comment.id
        limit page;
    else
      if p_after is not null then
        return query
          select comment.*
          from forums.comments as comment
          where comment.post_id = p_post_id
            and comment.parent_id = root.id
            and comment.score = after_score
            and comment.id > after_id
          order by comment.id
          limit page;
        get diagnostics taken = row_count;
        page := page - taken;
      end if;
      return query
        select comment.*
        from forums.comments as comment
        where comment.post_id = p_post_id
          and comment.parent_id = root.id
          and comment.score <= coalesce(after_score::bigint - 1, 2147483647)
        order by comment.score desc, comment.id
        limit page;
    end if;
  elsif p_sort = 'new' then
    if root.id is null then
      return query
        select comment.*
        from forums.comments as comment
        where comment.post_id = p_post_id
          and comment.id < coalesce(after_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        order by comment.id desc
        limit page;
    else
      return query
        select comment.*
        from forums.comments as comment
        where comment.post_id = p_post_id
          and comment.id < coalesce(after_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
          and comment.path between root.path and root.path || 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid
        order by comment.id desc
        limit page;
    end if;
  else
    perform core.fail('feed.sort_unknown');
  end if;
end
$$;

comment on function forums.comment_tree(uuid, text, uuid, text, integer) is
  E'@argument root_id The comment to begin below; left out: the whole tree.\n@argument sort tree (the whole tree in reading order), best or new.\n@argument after The place of the last comment of the page before: id (tree, new) or score:id (best).\n@simpleCollections only\nOne page of a post''s comments. sort: tree, the whole tree in reading order (after: id); best, the answers to one comment, or the top level, by score (after: score:id); new, the newest first (after: id). root: only what stands under this comment. first: 1 to 200 comments. Deleted comments appear as tombstones without text. Refuses post.unknown, forum.banned, comment.unknown, feed.sort_unknown and feed.cursor_malformed. Reads about as many index entries as it returns rows.';

revoke all on function forums.comment_tree(uuid, text, uuid, text, integer) from public;
grant execute on function forums.comment_tree(uuid, text, uuid, text, integer) to stoa_anonymous;
