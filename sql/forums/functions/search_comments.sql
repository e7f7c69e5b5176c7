create or replace function forums.search_comments(
  p_query text,
  p_forum_id uuid default null,
  p_author_id uuid default null,
  p_since timestamptz default null,
  p_first integer default 25
)
returns setof forums.comments
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
    select comment.*
    from forums.comments as comment
    join forums.posts as post on post.id = comment.post_id
    where to_tsvector('english'::regconfig, comment.content) @@ words
      and comment.deleted_at is null
      and post.deleted_at is null
      and post.forum_id = any (
        case when p_forum_id is null then array(select forums.my_readable_forum_ids()) else array[p_forum_id] end
      )
      and (p_author_id is null or comment.author_id = p_author_id)
      and (p_since is null or comment.id >= core.uuidv7_floor(p_since))
    order by ts_rank_cd(to_tsvector('english'::regconfig, comment.content), words) desc, comment.id desc
    limit forums.page_size(p_first);
end
$$;

comment on function forums.search_comments(text, uuid, uuid, timestamptz, integer) is
  E'@simpleCollections only\nComments that match words in English, the best match first; arguments, limits and refusals as in searchPosts.';

revoke all on function forums.search_comments(text, uuid, uuid, timestamptz, integer) from public;
grant execute on function forums.search_comments(text, uuid, uuid, timestamptz, integer) to stoa_anonymous;
