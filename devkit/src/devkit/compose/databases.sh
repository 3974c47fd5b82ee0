#!/usr/bin/env bash
# PostgreSQL's image runs this once, on an empty volume: a database and a role for each service, and nobody else gets in.
set -euo pipefail

for service in orders inventory removals notifications; do
  # psql reads the password from the environment, so that it stands on no command line.
  variable="WHARF_${service^^}_PASSWORD"
  ROLE_PASSWORD=${!variable:?} psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --set name="$service" <<'SQL'
\getenv password ROLE_PASSWORD
CREATE ROLE :"name" LOGIN PASSWORD :'password';
CREATE DATABASE :"name" OWNER :"name";
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
SQL
done
