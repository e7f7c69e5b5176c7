create or replace function audit.seal_digest(
  p_sequence bigint,
  p_first_id uuid,
  p_last_id uuid,
  p_entries integer,
  p_previous bytea,
  p_content bytea
)
returns bytea
language sql
immutable
parallel safe
begin atomic
  select sha256(
    p_previous || convert_to(concat_ws(' ', p_sequence, p_first_id, p_last_id, p_entries), 'UTF8') || sha256(p_content)
  );
end;

comment on function audit.seal_digest(bigint, uuid, uuid, integer, bytea, bytea) is
  'Digest of a seal: over the seal before it, its place and range, and the digests of its entries in the order of their ids.';

revoke all on function audit.seal_digest(bigint, uuid, uuid, integer, bytea, bytea) from public;
