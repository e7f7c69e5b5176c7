create or replace function groups.invite_code()
returns text
language sql
volatile
begin atomic
  select string_agg(
    substr('123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz', 1 + draw.number % 58, 1), ''
  )
  from (
    -- Two octets a character, so that the remainder favours none by more than a thousandth.
    select get_byte(entropy.octets, 2 * place) * 256 + get_byte(entropy.octets, 2 * place + 1) as number
    from (select sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())) as octets) as entropy
    cross join generate_series(0, 9) as place
  ) as draw;
end;

comment on function groups.invite_code() is
  'Internal. Ten random characters out of 58 that cannot be mistaken for one another: 58 bits and more.';

revoke all on function groups.invite_code() from public;
