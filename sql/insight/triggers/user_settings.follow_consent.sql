create or replace trigger follow_consent
after update of allow_ai_analysis on core.user_settings
for each row
when (old.allow_ai_analysis and not new.allow_ai_analysis)
execute function insight.follow_consent();

comment on trigger follow_consent on core.user_settings is 'Whoever withdraws consent has what models made of their messages deleted.';
