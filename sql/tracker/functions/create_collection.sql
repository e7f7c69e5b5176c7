create or replace function tracker.create_collection(
  p_name text,
  p_description text default '',
  p_kind text default 'playlist',
  p_is_public boolean default true
)
returns tracker.collections
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  collection tracker.collections;
begin
  perform core.require_unrestricted('tracker');
  if p_kind is null or p_kind not in ('playlist', 'collage') or p_kind = 'collage' and not coalesce(p_is_public, true) then
    perform core.fail('collection.kind_invalid');
  end if;
  insert into tracker.collections (owner_id, name, description, kind, is_public)
  values (
    me, core.clean_text(p_name, 200), coalesce(core.clean_text(p_description, 20000, false), ''), p_kind, coalesce(p_is_public, true)
  )
  returning * into collection;
  return collection;
end
$$;

comment on function tracker.create_collection(text, text, text, boolean) is
  'Makes a collection: a playlist, which the caller fills, or a collage, which every member fills and which is always public (collection.kind_invalid).';

revoke all on function tracker.create_collection(text, text, text, boolean) from public;
grant execute on function tracker.create_collection(text, text, text, boolean) to stoa_member;
