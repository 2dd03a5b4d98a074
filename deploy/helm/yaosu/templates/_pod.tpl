{{/* The environment that every process of a service has. */}}
{{- define "yaosu.environment" -}}
{{- $root := .of }}
- {name: YAOSU_KAFKA, value: {{ $root.Values.kafka.bootstrap | quote }}}
{{- if $root.Values.kafka.login }}
- {name: YAOSU_KAFKA_USER, value: {{ .name }}}
- {name: YAOSU_KAFKA_PASSWORD_FILE, value: /data/keys/kafka.password}
{{- end }}
{{- if $root.Values.kafka.tls }}
- {name: YAOSU_KAFKA_CA, value: /data/keys/kafka.crt}
{{- end }}
- name: YAOSU_S3
  valueFrom: {secretKeyRef: {name: {{ $root.Values.objects.secret }}, key: url}}
- name: YAOSU_PEERS
  value: {{ include "yaosu.peers" . | quote }}
- {name: YAOSU_DATABASE_PASSWORD_FILE, value: /data/keys/database.password}
- {name: YAOSU_TLS_CERT, value: /data/keys/tls/{{ .name }}.pem}
- {name: YAOSU_TLS_KEY, value: /data/keys/tls/{{ .name }}.pem}
- {name: YAOSU_TLS_CA, value: /data/keys/tls/authority.crt}
{{- range $setting, $value := $root.Values.settings }}
- {name: {{ $setting }}, value: {{ $value | quote }}}
{{- end }}
{{- range $setting, $value := .own.settings }}
- {name: {{ $setting }}, value: {{ $value | quote }}}
{{- end }}
{{- end }}

{{- define "yaosu.peers" -}}
{{- $root := .of }}
{{- $peers := list }}
{{- range $name, $service := $root.Values.services }}
{{- $peers = append $peers (printf "%s=%s-%s:9000" $name (include "yaosu.fullname" $root) $name) }}
{{- end }}
{{- join "," $peers }}
{{- end }}

{{- define "yaosu.volumes" -}}
- name: data
  emptyDir: {sizeLimit: {{ .own.scratch }}}
- name: tmp
  emptyDir: {sizeLimit: 1Gi}
- name: keys
  secret:
    secretName: {{ .of.Values.keys.secretPrefix }}{{ .name }}
    defaultMode: 0440
    items:
      - {key: databases.key, path: databases.key}
      - {key: database.password, path: database.password}
      - {key: {{ .name }}.sealing, path: {{ .name }}.sealing}
      - {key: {{ .name }}.private.jwk, path: calls/{{ .name }}.private.jwk}
      {{- range $name, $service := .of.Values.services }}
      - {key: {{ $name }}.public.jwk, path: calls/{{ $name }}.public.jwk}
      {{- end }}
      - {key: {{ .name }}.pem, path: tls/{{ .name }}.pem}
      - {key: authority.crt, path: tls/authority.crt}
      {{- if .of.Values.kafka.login }}
      - {key: kafka.password, path: kafka.password}
      {{- end }}
      {{- if .of.Values.kafka.tls }}
      - {key: kafka.crt, path: kafka.crt}
      {{- end }}
{{- end }}

{{- define "yaosu.mounts" -}}
- {name: data, mountPath: /data}
- {name: tmp, mountPath: /tmp}
- {name: keys, mountPath: /data/keys, readOnly: true}
{{- end }}

{{- define "yaosu.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "yaosu.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
privileged: false
capabilities: {drop: [ALL]}
{{- end }}
