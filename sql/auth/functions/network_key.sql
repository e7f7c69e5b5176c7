create or replace function auth.network_key(p_ip inet)
returns bytea
language sql
immutable
strict
parallel safe
begin atomic
  -- A home is given a whole /64 of IPv6, so that is what counts as one address. A server that listens on both sees
  -- IPv4 as ::ffff:192.0.2.1, of which every client there is would be in one /64.
  select sha256(convert_to(
    case
      when family(p_ip) = 6 and not p_ip <<= inet '::ffff:0:0/96' then text(network(set_masklen(p_ip, 64)))
      else replace(host(p_ip), '::ffff:', '')
    end,
    'UTF8'
  ));
end;

comment on function auth.network_key(inet) is
  'What attempts from a network address are counted under: the digest of an IPv4 address or of an IPv6 /64. Null for null, which counts nowhere.';

revoke all on function auth.network_key(inet) from public;
