create or replace function forums.cursor_key(p_after text, p_kind text)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  key constant text := left(p_after, -37);
  pattern constant text := case p_kind
    when 'integer' then '^-?[0-9]{1,10}$'
    when 'number' then '^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?$'
    when 'time' then '^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)$'
  end;
begin
  if p_after is null then
    return null;
  end if;
  if length(p_after) < 38
    or substring(p_after from length(p_after) - 36 for 1) <> ':'
    or key !~ pattern
    or (p_kind = 'integer' and key::bigint not between -2147483648 and 2147483647)
  then
    perform core.fail('feed.cursor_malformed');
  end if;
  return key;
end
$$;

comment on function forums.cursor_key(text, text) is
  E'@behavior -*\nInternal. The sort key in front of the identifier of a place in a feed, "KEY:ID", of kind integer, number or time. Refuses another form (feed.cursor_malformed).';

revoke all on function forums.cursor_key(text, text) from public;
grant execute on function forums.cursor_key(text, text) to stoa_anonymous;
