create or replace function forums.cursor_id(p_after text)
returns uuid
language plpgsql
stable
set search_path = ''
as $$
begin
  if p_after is null then
    return null;
  end if;
  if p_after !~* '(^|:)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
    perform core.fail('feed.cursor_malformed');
  end if;
  return right(p_after, 36)::uuid;
end
$$;

comment on function forums.cursor_id(text) is
  E'@behavior -*\nInternal. The identifier at the end of a place in a feed, "KEY:ID" or "ID". Refuses another form (feed.cursor_malformed).';

revoke all on function forums.cursor_id(text) from public;
grant execute on function forums.cursor_id(text) to stoa_anonymous;
