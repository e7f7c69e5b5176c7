create or replace function forums.search(
  p_query text,
  p_forum_id uuid default null,
  p_author_id uuid default null,
  p_since timestamptz default null,
  p_first integer default 25
)
returns setof forums.posts
language plpgsql
stable
rows 25
-- The match operator is not leak-proof: under a policy it would scan the table. The rule of the policy is repeated here.
security definer
set search_path = ''
as $$
declare
  words constant tsquery := websearch_to_tsquery('english'::regconfig, core.clean_text(p_query, 500));
begin
  if numnode(words) = 0 then
    return;
  end if;
  if p_forum_id is not null then
    perform forums.readable_forum(p_forum_id);
  end if;

  return query
    select post.*
    from forums.posts as post
    where post.search @@ words
      and post.deleted_at is null
      and post.forum_id = any (
        case when p_forum_id is null then array(select forums.my_readable_forum_ids()) else array[p_forum_id] end
      )
      and (p_author_id is null or post.author_id = p_author_id)
      and (p_since is null or post.id >= core.uuidv7_floor(p_since))
    order by ts_rank_cd(post.search, words) desc, post.id desc
    limit forums.page_size(p_first);
end
$$;

comment on function forums.search(text, uuid, uuid, timestamptz, integer) is
  E'@name search_posts\n@simpleCollections only\nPosts that match words in English, the best match first; the query may hold "phrases", or, and -words. Narrowed to a forum, an author, or posts since a time. first: 1 to 50 posts. Finds only what the caller may read. Refuses an empty query (input.empty), one over 500 characters (input.too_long), and a forum that the caller may not read (forum.unknown, forum.banned). Ranks every match, so a common word in a large community is slow.';

revoke all on function forums.search(text, uuid, uuid, timestamptz, integer) from public;
grant execute on function forums.search(text, uuid, uuid, timestamptz, integer) to stoa_anonymous;
