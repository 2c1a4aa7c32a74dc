PLAN = """
apiVersion: openmeter.io/v1
kind: Plan
key: pro
spec:
  name: Pro {{ environment.name }}
  currency: USD
  billingCadence: P1M
  phases:
    - key: main
      name: Main
      rateCards:
        - {type: flat_fee, key: base, name: Base, billingCadence: P1M, price: {type: flat, amount: "{{ vars.price }}"}}
"""
VARIABLES = """
variables: {price: {type: decimal}, key: {default: x}}
environments:
  staging: {endpoint: 'sandbox:', vars: {price: 1}}
  production: {endpoint: 'sandbox:', vars: {price: '19.50'}}
"""


def test_values_are_rendered_per_environment_and_stay_where_they_stand(catalogue):
    catalogue.write(a_yaml=PLAN).project(VARIABLES)
    resource = next(iter(catalogue.load("production").resources.values()))
    price = resource.spec["phases"][0]["rateCards"][0]["price"]["amount"]
    assert (str(price), resource.spec["name"]) == ("19.50", "Pro production")
    path = ("phases", "[main]", "rateCards", "[base]", "price", "amount")
    assert str(resource.source.locate(path)) == "a.yaml:13:100"


def test_a_wrong_value_points_at_its_template(catalogue):
    catalogue.write(a_yaml=PLAN).project(VARIABLES.replace("'19.50'", "-1"))
    assert catalogue.problems() == ["a.yaml:13:100 value.negative"]


def test_a_missing_value_is_a_problem_only_where_somebody_asked_for_the_environment(catalogue):
    catalogue.write(a_yaml=PLAN).project(VARIABLES)
    assert catalogue.problems() == []
    assert catalogue.problems("sandbox") == ["a.yaml:13:100 template.unset"]


def test_the_rest_of_a_document_is_checked_beside_a_template_that_fails(catalogue):
    catalogue.write(a_yaml=PLAN.replace("vars.price", "vars.prise").replace("USD", "USDX")).project(VARIABLES)
    assert catalogue.problems() == ["a.yaml:7:13 value.currency", "a.yaml:13:100 template.error"]


def test_references_keys_and_names_of_fields_are_no_templates(catalogue, meter):
    text = PLAN.replace("key: main", 'key: "{{ vars.key }}"').replace(
        "key: base", 'key: base, featureKey: "{{ vars.key }}"'
    )
    text += "  metadata: {'{{ vars.key }}': a}\n"
    catalogue.write(a_yaml=text).project(VARIABLES)
    fixed = [line for line in catalogue.problems("staging") if line.endswith("template.fixed")]
    assert fixed == ["a.yaml:10:12 template.fixed", "a.yaml:14:14 template.fixed"]
    text = PLAN.replace("key: base", 'key: base, featureKey: "{{ vars.key }}"')
    assert catalogue.write(a_yaml=text).problems("staging") == ["a.yaml:13:51 template.fixed"]


def test_a_lifecycle_holds_no_templates(catalogue):
    catalogue.write(a_yaml=PLAN + "lifecycle: {state: '{{ vars.key }}', ignore: ['{{ vars.key }}']}\n").project(
        VARIABLES
    )
    assert catalogue.problems("staging") == ["a.yaml:14:20 template.fixed", "a.yaml:14:47 template.fixed"]


def test_a_problem_of_every_environment_is_reported_once(catalogue):
    catalogue.write(a_yaml=PLAN.replace("USD", "USDX")).project(VARIABLES)
    assert catalogue.problems() == ["a.yaml:7:13 value.currency"]


def test_a_broken_environment_is_reported_beside_the_others(catalogue):
    catalogue.write(a_yaml=PLAN).project(VARIABLES + "  late: {endpoint: 'sandbox:', varFiles: [none.yaml]}\n")
    assert catalogue.problems() == ["none.yaml:1:1 project.file"]
