create or replace trigger keep_voting_power
before insert or update on governance.user_tokens
for each row
execute function governance.keep_voting_power();

comment on trigger keep_voting_power on governance.user_tokens is 'The voting power is what balances and weights say.';
