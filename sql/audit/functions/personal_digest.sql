create or replace function audit.personal_digest(p_entry audit.logs, p_salt bytea)
returns bytea
language sql
immutable
parallel safe
begin atomic
  select sha256(p_salt || convert_to(
    jsonb_build_array(
      p_entry.old_values, p_entry.new_values, p_entry.reason, host(p_entry.ip_address), p_entry.user_agent
    )::text,
    'UTF8'
  ));
end;

comment on function audit.personal_digest(audit.logs, bytea) is
  'Digest of what an erasure may take out of an entry of the log, behind a salt.';

revoke all on function audit.personal_digest(audit.logs, bytea) from public;
