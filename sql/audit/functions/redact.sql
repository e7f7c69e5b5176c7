create or replace function audit.redact(p_values jsonb)
returns jsonb
language sql
immutable
parallel safe
begin atomic
  select case jsonb_typeof(p_values)
    when 'object' then (
      select coalesce(jsonb_object_agg(entry.key, entry.value), '{}')
      from jsonb_each(p_values) as entry
      where entry.key !~ '(hash|secret|token|password|ciphertext|pin|passkey|recovery_code)(e?s)?$'
    )
    else p_values
  end;
end;

comment on function audit.redact(jsonb) is
  'The image of a row without what must not be written down: top-level keys whose names end like those of secrets and digests.';

revoke all on function audit.redact(jsonb) from public;
grant execute on function audit.redact(jsonb) to stoa_worker;
