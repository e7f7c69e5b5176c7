create or replace function workspace.check_document(p_content text, p_content_format text)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  if p_content_format is null or p_content_format not in ('markdown', 'plain') then
    perform core.fail('document.format_invalid');
  end if;
  if char_length(p_content) > 200000 then
    perform core.fail('document.too_long');
  end if;
end
$$;

comment on function workspace.check_document(text, text) is
  'Internal. Refuses what a page cannot be: document.format_invalid, document.too_long.';

revoke all on function workspace.check_document(text, text) from public;
