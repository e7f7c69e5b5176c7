create or replace function tracker.read_metainfo(p_metainfo jsonb)
returns tracker.torrents
language plpgsql
stable
set search_path = ''
as $$
declare
  identity tracker.torrents;
  first_hash constant text := lower(p_metainfo ->> 'info_hash');
  second_hash constant text := lower(p_metainfo ->> 'info_hash_v2');
  size numeric;
begin
  if coalesce(jsonb_typeof(p_metainfo), 'null') <> 'object'
    or first_hash is null
    or first_hash !~ '^([0-9a-f]{40}|[0-9a-f]{64})$'
    or second_hash is not null and (second_hash !~ '^[0-9a-f]{64}$' or length(first_hash) = 64 and second_hash <> first_hash)
    or coalesce(p_metainfo ->> 'piece_length', '') !~ '^[1-9][0-9]{0,8}$'
    or coalesce(jsonb_typeof(p_metainfo -> 'files'), 'null') <> 'array'
    or jsonb_array_length(p_metainfo -> 'files') not between 1 and core.setting_integer('tracker.max_files')
    or exists (
      select
      from jsonb_array_elements(p_metainfo -> 'files') as file (entry)
      where jsonb_typeof(file.entry) <> 'object'
        or coalesce(file.entry ->> 'size_bytes', '') !~ '^[0-9]{1,18}$'
        or coalesce(length(file.entry ->> 'path'), 0) not between 1 and 4096
        or file.entry ->> 'path' ~ '(^|/)\.{0,2}(/|$)'
    )
  then
    perform core.fail('torrent.metainfo_invalid');
  end if;

  select sum((file.entry ->> 'size_bytes')::numeric) into size
  from jsonb_array_elements(p_metainfo -> 'files') as file (entry);
  if size not between 1 and 9000000000000000000 then
    perform core.fail('torrent.metainfo_invalid');
  end if;
  identity.info_hash := decode(first_hash, 'hex');
  identity.info_hash_v2 := decode(case when length(first_hash) = 64 then first_hash else second_hash end, 'hex');
  identity.piece_length := (p_metainfo ->> 'piece_length')::integer;
  identity.file_count := jsonb_array_length(p_metainfo -> 'files');
  identity.size_bytes := size;
  return identity;
end
$$;

comment on function tracker.read_metainfo(jsonb) is
  'Internal. The identity and the sizes that metainfo states. Refuses what is not of the form expected, empty or doubled separators, paths that lead out of the torrent, and no bytes at all (torrent.metainfo_invalid).';

revoke all on function tracker.read_metainfo(jsonb) from public;
