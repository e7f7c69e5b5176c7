create or replace function tracker.cursor_id(p_after text, p_kind text)
returns uuid
language plpgsql
stable
set search_path = ''
as $$
begin
  if p_after is null then
    return null;
  end if;
  if p_after !~* (
    case p_kind when 'integer' then '^[0-9]{1,9}:' when 'decimal' then '^[0-9]{1,14}(\.[0-9]{1,4})?:' else '^' end || '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
  ) then
    perform core.fail('torrent.cursor_malformed');
  end if;
  return right(p_after, 36)::uuid;
end
$$;

comment on function tracker.cursor_id(text, text) is
  'Internal. The identifier in a place of a list, "NUMBER:ID" with an integer or a decimal, or "ID". Refuses another form (torrent.cursor_malformed).';

revoke all on function tracker.cursor_id(text, text) from public;
