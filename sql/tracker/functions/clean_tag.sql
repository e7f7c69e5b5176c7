create or replace function tracker.clean_tag(p_name text)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  name constant text := regexp_replace(lower(core.clean_text(p_name, 50)), '[ _]+', '.', 'g');
begin
  if name !~ '^[a-z0-9][a-z0-9.-]{0,49}$' then
    perform core.fail('tag.malformed');
  end if;
  return name;
end
$$;

comment on function tracker.clean_tag(text) is
  'Internal. A tag in its canonical form: lower case, spaces and underscores become dots. Refuses what then is no tag (tag.malformed).';

revoke all on function tracker.clean_tag(text) from public;
