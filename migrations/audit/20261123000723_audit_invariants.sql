-- Why: registers what must hold about the tables of this module, for "stoa doctor invariants".
-- Locks: none. Back: deletes the rows of this module.

-- Up Migration

insert into ops.invariants (name, module, description, query) values
  (
    'audit.logs.guards',
    'audit',
    'The log only grows: it and each of its partitions refuse to be changed and to be emptied, whoever asks.',
    $query$
      select
        part.relid::regclass::text as subject,
        'guarded against ' || deed.name as expected,
        'not guarded' as found
      from pg_catalog.pg_partition_tree('audit.logs'::regclass) as part
      -- The bits of pg_trigger.tgtype.
      cross join (values ('update', 16), ('delete', 8), ('truncate', 32)) as deed (name, bit)
      where not exists (
        select
        from pg_catalog.pg_trigger as guard
        where guard.tgrelid = part.relid
          and guard.tgfoid = 'audit.refuse_change()'::regprocedure
          and guard.tgtype & deed.bit <> 0
          and guard.tgenabled in ('O', 'A')
      )
    $query$
  ),
  (
    'audit.logs.no_secrets',
    'audit',
    'No entry of the log holds a secret or a digest of one.',
    $query$
      select entry.id::text as subject, 'nothing secret in it' as expected, string_agg(image.key, ' ' order by image.key) as found
      from audit.logs as entry
      cross join lateral (
        select jsonb_object_keys(entry.old_values) as key
        where entry.old_values is distinct from audit.redact(entry.old_values)
        union
        select jsonb_object_keys(entry.new_values)
        where entry.new_values is distinct from audit.redact(entry.new_values)
      ) as image
      where audit.redact(jsonb_build_object(image.key, true)) = '{}'
      group by entry.id
    $query$
  ),
  (
    'audit.privacy_requests.state',
    'audit',
    'A request that runs says since when, and one that is done says when that was; after an erasure that is done, the account is a tombstone.',
    $query$
      select
        request.id::text as subject,
        case request.status
          when 'running' then 'when it began'
          when 'done' then case request.kind when 'erase' then 'an end, and an erased account' else 'an end' end
        end as expected,
        concat_ws(
          ', ',
          coalesce('begun ' || request.started_at, 'no beginning'),
          coalesce('done ' || request.completed_at, 'no end'),
          case when person.erased_at is null then 'the account is there' end
        ) as found
      from audit.privacy_requests as request
      join core.users as person on person.id = request.user_id
      where (request.status = 'running' and request.started_at is null)
        or (request.status = 'done' and request.completed_at is null)
        or (request.status = 'done' and request.kind = 'erase' and person.erased_at is null)
    $query$
  );

-- Down Migration

delete from ops.invariants where module = 'audit';
