create or replace function moderation.read_subject(
  p_kind core.report_subjects,
  p_id uuid,
  p_parent_id uuid,
  out author_id uuid,
  out evidence jsonb
)
returns setof record
language plpgsql
stable
rows 1
set search_path = ''
as $$
begin
  return query execute format(
    $query$
      select
        %1$s,
        coalesce(
          (
            select jsonb_object_agg(entry.key, entry.value)
            from jsonb_each(to_jsonb(target)) as entry
            where entry.key = any ($3)
          ),
          '{}'
        )
      from %2$s as target
      where target.%3$I = $1
        and %4$s
        and (%5$s)
    $query$,
    case when p_kind.author_column is null then 'null::uuid' else format('target.%I', p_kind.author_column) end,
    p_kind.table_name::regclass,
    p_kind.key_column,
    case when p_kind.parent_column is null then 'true' else format('target.%I = $2', p_kind.parent_column) end,
    p_kind.condition
  )
  using p_id, p_parent_id, p_kind.evidence_columns;
end
$$;

comment on function moderation.read_subject(core.report_subjects, uuid, uuid) is
  'Internal. Who answers for a thing, and a copy of it, as the module that has it registered in core.report_subjects; no row for what is not there or may not be read by the caller. One look-up by key.';

revoke all on function moderation.read_subject(core.report_subjects, uuid, uuid) from public;
