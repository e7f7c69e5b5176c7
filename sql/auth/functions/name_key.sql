create or replace function auth.name_key(p_name text)
returns bytea
language sql
immutable
strict
parallel safe
begin atomic
  select sha256(convert_to(lower(btrim(p_name)), 'UTF8'));
end;

comment on function auth.name_key(text) is
  'What attempts by a name are counted under: the digest of an e-mail address, username or account id, case ignored, whether or not it belongs to anybody.';

revoke all on function auth.name_key(text) from public;
