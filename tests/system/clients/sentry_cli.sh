# begin: sentry-cli
export SENTRY_DSN=http://00000000000000000000000000000000@127.0.0.1:3000/consented/1
sentry-cli send-event --message "the wallet app broke" --release trezor-suite@24.11.1
sentry-cli send-envelope --raw envelope.bin
sentry-cli monitors run discovery -- true
# end
