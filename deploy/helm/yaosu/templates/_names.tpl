{{- define "yaosu.fullname" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "yaosu.image" -}}
{{- if .Values.image.digest }}{{ .Values.image.repository }}@{{ .Values.image.digest }}{{ else }}{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{ end }}
{{- end }}

{{- define "yaosu.release" -}}
app.kubernetes.io/name: yaosu
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "yaosu.labels" -}}
{{ include "yaosu.release" . }}
app.kubernetes.io/part-of: yaosu
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/version: {{ .Values.image.tag | default .Chart.AppVersion | quote }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{/* What one process is: of = root, name = service, part = api or worker, own = its values over the common ones. */}}
{{- define "yaosu.selector" -}}
{{ include "yaosu.release" .of }}
yaosu.service: {{ .name }}
app.kubernetes.io/component: {{ .part }}
{{- end }}
