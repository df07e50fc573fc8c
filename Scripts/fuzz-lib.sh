# How the fuzz targets are compiled: sourced by Scripts/fuzz behind lib.sh, never run.

folder=.build-fuzz
exchange_modules=OAIRSys,OAIRHTTP1,OAIRWire,InternalCollectionsUtilities,HeapModule
exchange_modules+=,OAIRReactor,OAIRRouting,OAIRProxy
#        target         program  modules that it stands on
targets="request-head   http1    OAIRHTTP1
         response-head  http1    OAIRHTTP1
         chunked        http1    OAIRHTTP1
         json-peek      wire     OAIRWire
         multipart-peek wire     OAIRWire
         event-observer wire     OAIRWire
         model-list     discovery OAIRSys,OAIRWire,OAIRRouting,OAIRDiscovery
         docker-list    discovery OAIRSys,OAIRWire,OAIRRouting,OAIRDiscovery
         docker-events  discovery OAIRSys,OAIRWire,OAIRRouting,OAIRDiscovery
         docker-labels  discovery OAIRSys,OAIRWire,OAIRRouting,OAIRDiscovery
         exchange       exchange $exchange_modules"
# What reads backends' answers; the rest of OAIRDiscovery does I/O.
answer_readers=(JSONSlicer ModelList EngineFingerprints EngineRules ControlResponse DiscoveryLimits
  JSONFields AddressRange LocalNetworks ConfiguredBackend Discovery{Change,Skip} Docker/EventLines
  Docker/Container{,Event,Labels,Ledger,Mapping} Docker/Docker{Labels,Options,Vantage}
  Docker/ImageRules Docker/OwnContainer)

compiled=(-parse-as-library -wmo -O -g -enable-testing -D FUZZING
  -package-name oairouter -Xcc -fmodule-map-file=Sources/COAIRSys/module.modulemap)
# `fast` watches edges alone (comparisons cost more than they find), and no exclusive access; what
# judges isn't watched there: its branches are none of the program's.
case ${variant:=address} in
  address) watched=(-sanitize=fuzzer,address) ;;
  fast)
    watched=(-sanitize=fuzzer -sanitize-coverage=edge,inline-8bit-counters,pc-table)
    compiled+=(-enforce-exclusivity=unchecked)
    ;;
esac
# As in the manifest of swift-collections.
collections=(-enable-experimental-feature Lifetimes -enable-experimental-feature BuiltinModule)
# As in Package.swift.
strict=(-swift-version 6 -enable-upcoming-feature ExistentialAny
  -enable-upcoming-feature InternalImportsByDefault -enable-upcoming-feature MemberImportVisibility)

# compile MODULE OBJECT-NAME FLAG... FILE...: unless nothing has changed, in it or below it.
compile() {
  local module=$1 object=$place/$2.o how=("${compiled[@]}" "${watched[@]}" -I "$place")
  [[ $variant != fast || $module != Fuzz_* ]] || how=("${compiled[@]}" -I "$place")
  shift 2
  local stamp
  stamp="$(swiftc --version 2>&1; printf '%s\n' "${how[@]}" "$@"
    printf '%s\n' "$@" | grep '\.swift$' | tr '\n' '\0' | xargs -0 cat --)"
  below="$(sha256sum <<<"$below$stamp")"
  [[ $(cat "$object.stamp" 2>/dev/null) != "$below" || ! -e $object ]] || return 0
  swiftc "${how[@]}" -module-name "$module" "$@" -c -o "$object" -emit-module \
    -emit-module-path "$place/$module.swiftmodule" || return
  echo "$below" >"$object.stamp"
}

# swift_files FOLDER...: the Swift files of folders, in a fixed order.
swift_files() { find "$@" -name '*.swift' | sort; }

compile_module() {
  local module=$1 files
  if [[ $module == *Heap* || $module == *Collections* ]]; then
    swift package resolve >&2
    mapfile -t files < <(swift_files ".build/checkouts/swift-collections/Sources/$module")
    compile "$module" "$module" -swift-version 5 -suppress-warnings "${collections[@]}" \
      "${files[@]}"
  elif [[ $module == OAIRDiscovery ]]; then
    mapfile -t files < <(printf "Sources/$module/%s.swift\n" "${answer_readers[@]}")
    compile "$module" "$module" "${strict[@]}" "${files[@]}"
  else
    mapfile -t files < <(swift_files "Sources/$module")
    compile "$module" "$module" "${strict[@]}" "${files[@]}"
  fi
}

# build PROGRAM MODULES [FLAG]: leaves the path of the program in $program.
build() {
  local name=$1 modules=${2//,/ } flag=${3-} module files objects=()
  below=''
  # Objects of its own for each program: what stands below a module decides whether it is stale.
  place=$folder/$variant/$name
  mkdir -p "$place"
  for module in $modules; do
    compile_module "$module" || return
    objects+=("$place/$module.o")
  done
  case $name in
    http1) mapfile -t files < <(swift_files Tests/Fuzz/Shared Tests/Fuzz/HTTP1) ;;
    wire) mapfile -t files < <(swift_files Tests/Fuzz/Shared Tests/Fuzz/Wire) ;;
    discovery) mapfile -t files < <(swift_files Tests/Fuzz/Shared Tests/Fuzz/Discovery) ;;
    exchange) mapfile -t files < <(swift_files Tests/Fuzz/Shared Tests/SimulationTests |
      grep -v 'Tests\.swift$') ;;
  esac
  program=$place/$name$flag.program
  local module_name=Fuzz_$name
  compile "$module_name" "$name$flag" "${strict[@]}" ${flag:+-D "$flag"} "${files[@]}" || return
  objects+=("$place/$name$flag.o")
  [[ -n $(find "${objects[@]}" -newer "$program" 2>&1) ]] || return 0
  swiftc "${watched[@]}" "${objects[@]}" -o "$program" 2>&1 |
    { grep -vE 'ld\.gold: warning' || true; }
}
