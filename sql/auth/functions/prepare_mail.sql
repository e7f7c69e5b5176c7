create or replace function auth.prepare_mail(p_kind text, p_user_id uuid, p_token_hash bytea)
returns table (kind text, address text, username text, expires_at timestamptz)
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
rows 1
as $$
declare
  account auth.accounts;
begin
  select * into account from auth.accounts where user_id = p_user_id;
  select person.username::text into username from core.users as person where person.id = p_user_id;
  kind := p_kind;
  address := account.email::text;

  case p_kind
    when 'verify_email' then
      if account.email is null or account.email_verified_at is not null then
        return;
      end if;
      expires_at := auth.issue_one_time_token(
        p_user_id, 'verify_email', p_token_hash, interval '24 hours', jsonb_build_object('email', account.email)
      );
    when 'reset_password' then
      if account.email is null then
        return;
      end if;
      expires_at := auth.issue_one_time_token(
        p_user_id, 'reset_password', p_token_hash, interval '1 hour', jsonb_build_object('email', account.email)
      );
    when 'change_email' then
      if account.pending_email is null then
        return;
      end if;
      address := account.pending_email::text;
      if exists (
        select
        from auth.accounts as holder
        where holder.email operator(extensions.=) account.pending_email
          and holder.user_id <> p_user_id
      ) then
        -- Its holder learns that somebody tried; whoever tried learns nothing.
        kind := 'already_registered';
        username := null;
      else
        expires_at := auth.issue_one_time_token(
          p_user_id, 'change_email', p_token_hash, interval '24 hours', jsonb_build_object('email', account.pending_email)
        );
      end if;
    when 'already_registered', 'email_change_requested', 'password_changed' then
      if account.email is null then
        return;
      end if;
    else
      perform core.fail('input.malformed');
  end case;
  return next;
end
$$;

comment on function auth.prepare_mail(text, uuid, bytea) is
  'What the mail task needs to send one mail: the address, and, where the kind carries a token, its digest stored here with the end of its validity (null otherwise). Sending again replaces the token before. No row when there is nothing to send any more, or never was. Refuses a kind that does not exist (input.malformed).';

revoke all on function auth.prepare_mail(text, uuid, bytea) from public;
grant execute on function auth.prepare_mail(text, uuid, bytea) to stoa_worker;
