create or replace function audit.entry_digest(p_entry audit.logs, p_personal_digest bytea)
returns bytea
language sql
immutable
parallel safe
begin atomic
  select sha256(p_personal_digest || convert_to(
    jsonb_build_array(
      p_entry.id, p_entry.actor_id, p_entry.actor_role, p_entry.action, p_entry.resource_type, p_entry.resource_id,
      p_entry.resource_key, p_entry.group_id, p_entry.request_id,
      -- Without the time zone of whoever asks.
      (extract(epoch from p_entry.inserted_at) * 1000000)::bigint
    )::text,
    'UTF8'
  ));
end;

comment on function audit.entry_digest(audit.logs, bytea) is
  'Digest of an entry of the log: of what never changes in it, and of the digest of what an erasure may take out.';

revoke all on function audit.entry_digest(audit.logs, bytea) from public;
