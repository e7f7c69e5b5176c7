create or replace function tracker.check_category(p_slug text, p_icon_url text, p_metadata_provider text)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  if p_slug is null
    or length(p_slug) > 100
    or p_slug !~ '^[a-z0-9]+(-[a-z0-9]+)*$'
    or p_icon_url is not null and (length(p_icon_url) > 2000 or p_icon_url !~ '^https?://')
    or p_metadata_provider is not null and p_metadata_provider not in ('tmdb', 'igdb', 'musicbrainz')
  then
    perform core.fail('input.malformed');
  end if;
end
$$;

comment on function tracker.check_category(text, text, text) is
  'Internal. Refuses (input.malformed) an address, an icon or a catalogue of a category that is not of the form expected.';

revoke all on function tracker.check_category(text, text, text) from public;
