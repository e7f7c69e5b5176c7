create or replace function tracker.buy_freeleech(p_count integer default 1, p_key text default null)
returns integer
language plpgsql
volatile
-- Points and tokens are written by procedures only.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  arguments constant jsonb := jsonb_build_object('count', p_count);
begin
  perform core.require_unrestricted('tracker');
  if core.recall('tracker.buy_freeleech', p_key, arguments) is null then
    perform tracker.grant_tokens(me, p_count, 'purchase', null);
    perform tracker.post_bonus(
      me, -p_count * core.setting_decimal('tracker.bonus.freeleech_price'), 'freeleech_purchase',
      p_description => format('%s freeleech token(s)', p_count)
    );
    perform core.remember('tracker.buy_freeleech', p_key, arguments, jsonb_build_object('count', p_count));
  end if;
  return (
    select count(*)
    from tracker.freeleech_tokens as token
    where token.user_id = me
      and token.activated_at is null
      and (token.use_before is null or token.use_before > now())
  );
end
$$;

comment on function tracker.buy_freeleech(integer, text) is
  E'@argument count How many tokens.\n@result How many unspent ones the caller has now.\nBuys freeleech tokens with points (setting tracker.bonus.freeleech_price) and returns how many unspent ones the caller has then. Refuses freeleech_token.count_invalid and tracker.insufficient_points. With a key, a retry buys nothing more.';

revoke all on function tracker.buy_freeleech(integer, text) from public;
grant execute on function tracker.buy_freeleech(integer, text) to stoa_member;
