create or replace function forums.readable_forum(p_forum_id uuid, p_unknown text default 'forum.unknown')
returns forums.forums
language plpgsql
stable
set search_path = ''
as $$
declare
  forum forums.forums;
  bar text;
begin
  select * into forum
  from forums.forums as candidate
  where candidate.id = p_forum_id;
  if not found then
    perform core.fail(p_unknown);
  end if;
  bar := forums.bar_to_reading(forum);
  if bar is not null then
    perform core.fail(case bar when 'banned' then 'forum.banned' else p_unknown end);
  end if;
  return forum;
end
$$;

comment on function forums.readable_forum(uuid, text) is
  'Internal. A forum, if the caller may read it: the rule of forums.my_readable_forum_ids for one forum. Refuses with p_unknown (forum.unknown, or the like of the thing asked for), or forum.banned where only a ban is in the way.';

revoke all on function forums.readable_forum(uuid, text) from public;
