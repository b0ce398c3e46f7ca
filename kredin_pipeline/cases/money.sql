-- money.sql · from integer øre, in which is reckoned, to kroner, in which is published

create or replace temp macro kroner(ore) as (ore::bigint * 0.01)::decimal(18, 2);
