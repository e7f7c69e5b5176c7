create or replace function forums.clean_format(p_format text)
returns text
language plpgsql
stable
set search_path = ''
as $$
begin
  if p_format is null or p_format not in ('markdown', 'bbcode', 'plain') then
    perform core.fail('input.malformed');
  end if;
  return p_format;
end
$$;

comment on function forums.clean_format(text) is
  'Internal. A markup that exists: markdown, bbcode or plain. Refuses others (input.malformed).';

revoke all on function forums.clean_format(text) from public;
